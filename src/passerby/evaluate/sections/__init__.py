"""The questions of an evaluation: from clips to sections of a report."""
