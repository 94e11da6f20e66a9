"""Stores that are wrong in one way each, as somebody could well have written them."""
