"""What is hidden, made up anew by a diffusion model."""
