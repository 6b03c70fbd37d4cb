"""What a finished file still tells of people: faces, sound, metadata and whatever else lies in it.

Nothing here trusts what made the file: it is read anew, and looked at by other models than those that hid.
"""
