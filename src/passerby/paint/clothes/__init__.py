"""Clothes: their colours and patterns made others."""
