"""What options stand for: who is hidden, by which effect, and how output tells of it."""
