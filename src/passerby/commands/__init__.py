"""What the commands of the command line do, but for hiding itself."""
