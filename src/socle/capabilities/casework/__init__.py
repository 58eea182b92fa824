"""The one case engine: a request, a report, a ticket are all cases.

``models`` rows, events, messages, documents, saved filters, bulk operations · ``pack`` the table of
states and transitions, as a pack declares it · ``rules`` what it allows and by when, with
``checking`` (is it sound?) and ``letters`` (texts with placeholders) · ``policies`` who may ·
``actions`` every write · ``queries`` every read: inbox, counts, one case, maps · ``filters`` what
an inbox shows · ``history`` what happened, in plain words · ``events`` facts others react to ·
``registry`` the kinds of cases and their definitions · ``links`` the addresses sites give ·
``tokens`` private links · ``searching`` words, on both databases · ``tasks`` timers.
"""
