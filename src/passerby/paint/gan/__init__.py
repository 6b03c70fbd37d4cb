"""Faces and bodies that a network makes up: the generators of DeepPrivacy, DeepPrivacy2 and TriA-GAN.

The networks (`layers`, `style`, `unet`, `msg`, `tria`) need PyTorch, which the extra `generate` brings. Cutting, masks
and pasting need NumPy and OpenCV alone. Everywhere a mask is True, or 1, where a pixel is **known** and stays, and
False, or 0, where it is made up.
"""
