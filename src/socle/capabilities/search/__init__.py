"""Full-text matching in memory that forgives accents, plurals and typos. A pure library: no models.

Read in this order: `text` (folding, words and where they stand), `language` (stop words, stems),
`vocabulary` (known words, prefixes, near misses), `index` (documents in, ranked hits out),
`highlight` (hits to marked segments).

An `Index` is immutable and safe to share between threads. A few hundred services answer in about a
millisecond; past some tens of thousands of documents a database's own index is the better tool.
"""
