"""How steady a video is: what changes from frame to frame that did not move in the original.

Values of pixels are taken as shares of white (0..1).
"""
