"""What may be chosen: the parts that `settings.Options` is made of, and how values are read."""
