"""What many are told: notices, whom they are for, their deliveries, their reports."""
