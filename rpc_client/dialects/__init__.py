"""One module for each protocol the other side may speak. Bytes in, bytes out: nothing here opens a connection."""
