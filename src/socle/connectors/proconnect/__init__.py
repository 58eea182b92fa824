"""ProConnect: login of public agents by their own administration's identity provider.

Reference: the data-provider documentation of ProConnect (partenaires.proconnect.gouv.fr). What the
house relies on: ``usual_name`` (not ``family_name``), ``siret`` whose first nine digits name the
organisation, ``idp_id`` because a ``sub`` is only unique inside one identity provider, ``amr`` on
request through ``claims``, a signed userinfo. A parameter that ProConnect does not know is an
error.

To register at ProConnect, under the installation's public address: return
``/compte/connexion/proconnect/retour``, return after logout
``/compte/deconnexion/proconnect/retour``, signature of tokens and userinfo ES256 or RS256.
"""
