"""The design system: tokens, layouts, macros, living style page (see README.md here)."""
