"""Files people send: sniffed, re-encoded, quarantined, scanned, then served with care.

``sniffing.py`` says what the bytes are, whatever the name claims; ``images.py`` draws pictures
anew; ``pdf.py`` and ``office.py`` refuse what acts by itself; ``blobs.py`` keeps bytes;
``downloads.py`` says how they are served.
"""
