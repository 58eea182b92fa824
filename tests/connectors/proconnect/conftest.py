from tests.peers.oidc.fixtures import oidc_peer, peer
from tests.sites.identity.conftest import amina, bruno, code_for, mailbox, villeneuve

__all__ = ["amina", "bruno", "code_for", "mailbox", "oidc_peer", "peer", "villeneuve"]
