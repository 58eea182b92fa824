"""FranceConnect v2: login of residents by the State's identity federation.

Reference: the service-provider documentation of FranceConnect
(docs.partenaires.franceconnect.gouv.fr). What the house relies on: authorization code,
``acr_values`` compulsory, ``client_secret_post``, a signed userinfo, a ``sub`` different for each
service provider, logout through the provider.

To register at FranceConnect, under the installation's public address: return
``/compte/connexion/franceconnect/retour``, return after logout
``/compte/deconnexion/franceconnect/retour``, signature of tokens and userinfo ES256 or RS256.

Not here: encrypted userinfo (an option of FranceConnect+). Production also asks for the official
button, whose artwork is the State's: the one shown here is neutral.
"""
