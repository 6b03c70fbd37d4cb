"""What may be chosen: the parts that `settings.Options` is made of, how values are read, and what is warned of."""
