"""The HTTP side of Tandem: it speaks the dialects and knows no business word."""
