"""What `passerelle doctor` looks at, one check a subject. A channel's own check lives with the channel."""
