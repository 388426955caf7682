"""Pages for people: markup that escapes by itself, the reference below /doc, and the style and script of both."""
