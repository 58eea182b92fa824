"""socle: one digital foundation for every service a métropole and its communes offer.

Layers, top to bottom: ``config`` > ``sites``, ``connectors`` > ``design`` > ``domains`` >
``capabilities`` > ``foundations`` > ``kernel``. Each imports only what is below it.
"""

__version__ = "0.1.0"
