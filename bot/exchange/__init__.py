"""Files in and out: an organizer's programme from other tools, and what the bot knows for them."""
