"""Writes the corpus of messages beside it, in the shape real programs give them.

Run by hand (`python -m tests.capabilities.casework.mail.build`) when a shape is added; the files
are what tests read. `REPLY_TO` stands for the case's own address: tests put the real one.
"""

from __future__ import annotations

import base64
import quopri
import textwrap
from pathlib import Path

HERE = Path(__file__).parent
OURS = "<b1946ac9-0000-4000-8000-000000000001@villeneuve.test>"
WHO = "Alice Martin <alice@example.org>"
TO = "REPLY_TO"

SAID = "Le lampadaire clignote toujours, surtout après 22 h.\n\nPouvez-vous repasser ?"
LETTER = (
    "Bonjour,\n\nNous avons bien reçu votre demande « Éclairage en panne ».\n"
    "Elle porte la référence SG-26-7K4M2X.\n"
)


def quoted(text: str, mark: str = "> ") -> str:
    return "\n".join(mark + line for line in text.splitlines())


def head(message_id: str, *more: str, sender: str = WHO, subject: str = "") -> str:
    subject = subject or "=?UTF-8?Q?Re=3A_Votre_demande_SG-26-7K4M2X_est_bien_re=C3=A7ue?="
    lines = [
        "Return-Path: <alice@example.org>",
        "Received: from mx.example.org (mx.example.org [192.0.2.7])",
        "\tby mail.villeneuve.test (Postfix) with ESMTPS id 4XyZ; Mon, 23 Nov 2026 10:15:02 +0100",
        f"From: {sender}",
        f"To: {TO}",
        f"Subject: {subject}",
        f"Message-ID: {message_id}",
        "Date: Mon, 23 Nov 2026 10:15:00 +0100",
        "MIME-Version: 1.0",
        *more,
    ]
    return "\n".join(lines) + "\n"


def answering() -> tuple[str, str]:
    return f"In-Reply-To: {OURS}", f"References: <sg-26-7k4m2x@villeneuve.test> {OURS}"


def part(kind: str, body: str, encoding: str = "quoted-printable", charset: str = "UTF-8") -> str:
    raw = body.encode(charset if charset.lower() != "unknown" else "utf-8")
    if encoding == "base64":
        text = base64.encodebytes(raw).decode()
    elif encoding == "quoted-printable":
        text = quopri.encodestring(raw).decode()
    else:
        text = body
    return (
        f'Content-Type: {kind}; charset="{charset}"\n'
        f"Content-Transfer-Encoding: {encoding}\n\n{text}"
    )


def multipart(kind: str, boundary: str, *parts: str) -> str:
    inside = "".join(f"--{boundary}\n{each}\n" for each in parts)
    return f'Content-Type: {kind}; boundary="{boundary}"\n\n{inside}--{boundary}--\n'


def attachment(name: str, kind: str, content: bytes, *more: str) -> str:
    lines = [
        f'Content-Type: {kind}; name="{name}"',
        f'Content-Disposition: attachment; filename="{name}"',
        "Content-Transfer-Encoding: base64",
        *more,
    ]
    return "\n".join(lines) + "\n\n" + base64.encodebytes(content).decode()


def html(text: str) -> str:
    return "<br>".join(text.replace("&", "&amp;").splitlines())


def corpus() -> dict[str, str | bytes]:
    plain = part("text/plain", f"{SAID}\n\n{quoted(LETTER)}\n")
    gmail_text = (
        f"{SAID}\n\nLe lun. 23 nov. 2026 à 10:12, Métropole-Test <\n"
        f"suivi+sg-26-7k4m2x.abcdefghijklmnopqrst@reponses.villeneuve.test> a écrit :\n\n"
        f"{quoted(LETTER)}\n"
    )
    gmail_html = (
        f'<div dir="ltr">{html(SAID)}</div><br><div class="gmail_quote gmail_quote_container">'
        '<div dir="ltr" class="gmail_attr">Le lun. 23 nov. 2026 à 10:12, Métropole-Test a écrit :'
        f'<br></div><blockquote class="gmail_quote">{html(LETTER)}</blockquote></div>'
    )
    outlook_html = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">'
        '<style type="text/css">P {margin-top:0;}</style></head><body dir="ltr">'
        f'<div class="elementToProof">{html(SAID)}</div><div class="elementToProof"><br></div>'
        '<div id="appendonsend"></div><hr style="display:inline-block;width:98%">'
        '<div id="divRplyFwdMsg"><b>De :</b> Métropole-Test<br><b>Envoyé :</b> lundi 23 novembre'
        f"<br><b>Objet :</b> Votre demande</div><div>{html(LETTER)}</div></body></html>"
    )
    outlook_text = (
        f"{SAID}\n\nBien cordialement,\n\nAlice Martin\nResponsable des achats\n"
        "Tél. : 01 99 00 00 00\n\n________________________________\n"
        "De : Métropole-Test <ne-pas-repondre@villeneuve.test>\n"
        "Envoyé : lundi 23 novembre 2026 10:12\nÀ : Alice Martin <alice@example.org>\n"
        f"Objet : Votre demande SG-26-7K4M2X est bien reçue\n\n{LETTER}"
    )
    desktop = (
        f"{SAID}\n\n-----Message d'origine-----\nDe : Métropole-Test [mailto:x@villeneuve.test]\n"
        "Envoyé : lundi 23 novembre 2026 10:12\nÀ : Alice Martin\nObjet : Votre demande\n\n"
        f"{LETTER}"
    )
    english = (
        f"{SAID}\n\nSent from my iPhone\n\n> On 23 Nov 2026, at 10:12, Métropole-Test\n"
        f"> <x@villeneuve.test> wrote:\n> \n{quoted(LETTER)}\n"
    )
    apple = (
        f"{SAID}\n\nEnvoyé de mon iPhone\n\n> Le 23 nov. 2026 à 10:12, Métropole-Test "
        f"<x@villeneuve.test> a écrit :\n> \n{quoted(LETTER)}\n"
    )
    thunderbird = (
        f"{SAID}\n\nLe 23/11/2026 à 10:12, Métropole-Test a écrit :\n{quoted(LETTER)}\n"
        "\n-- \nAlice Martin\nhttps://example.org\n"
    )
    orange = (
        f'{SAID}\n\n\n\n> Message du 23/11/26 10:12\n> De : "Métropole-Test" '
        "<ne-pas-repondre@villeneuve.test>\n> A : alice@example.org\n> Copie à : \n"
        f"> Objet : Votre demande SG-26-7K4M2X est bien reçue\n> \n{quoted(LETTER, '>')}\n"
    )
    orange_new = (
        f"{SAID}\n\n\nEnvoyé: 23 novembre 2026 à 10:12\nDe: Métropole-Test "
        "<ne-pas-repondre@villeneuve.test>\nÀ: alice@example.org\n"
        f"Objet: Votre demande SG-26-7K4M2X est bien reçue\n\n{LETTER}"
    )
    free = (
        f'{SAID}\n\n----- Mail original -----\nDe: "Métropole-Test" '
        "<ne-pas-repondre@villeneuve.test>\nÀ: alice@example.org\n"
        "Envoyé: Lundi 23 Novembre 2026 10:12:00\n"
        f"Objet: Votre demande SG-26-7K4M2X est bien reçue\n\n{LETTER}"
    )
    inside = (
        "Le 23/11/2026 à 10:12, Métropole-Test a écrit :\n> Quelle rue ?\n\nRue des Tilleuls.\n\n"
        "> Quel numéro ?\n\nLe 12.\n"
    )
    flowed = (
        "Le lampadaire clignote toujours, surtout \naprès 22 h.\n\nPouvez-vous repasser ?\n\n"
        f"Le 23/11/2026 à 10:12, Métropole-Test a écrit :\n{quoted(LETTER)}\n"
    )
    tiny_png = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
        "rkJggg=="
    )
    many = [attachment(f"photo-{n}.png", "image/png", tiny_png + bytes([n])) for n in range(30)]
    bomb = _zip_bomb()
    corpus: dict[str, str | bytes] = {
        "gmail": head("<CA+1@mail.gmail.com>", *answering())
        + multipart(
            "multipart/alternative",
            "000000000000a1",
            part("text/plain", gmail_text),
            part("text/html", gmail_html),
        ),
        "gmail-english": head("<CA+2@mail.gmail.com>", *answering())
        + part(
            "text/plain",
            f"{SAID}\n\nOn Mon, Nov 23, 2026 at 10:12 AM Métropole-Test <\n"
            f"suivi+x@reponses.villeneuve.test> wrote:\n\n{quoted(LETTER)}\n",
        ),
        "outlook-web": head("<PR1@eurprd.prod.outlook.com>", *answering())
        + multipart(
            "multipart/alternative",
            "_000_PR1",
            part("text/plain", outlook_text, charset="iso-8859-1"),
            part("text/html", outlook_html, charset="iso-8859-1"),
        ),
        "outlook-html-only": head("<PR2@eurprd.prod.outlook.com>", *answering())
        + part("text/html", outlook_html, "base64"),
        "outlook-desktop": head("<004501@example.org>", *answering()) + part("text/plain", desktop),
        "apple-mail": head("<A1B2@icloud.com>", *answering()) + part("text/plain", apple),
        "apple-mail-english": head("<A1B3@icloud.com>", *answering()) + part("text/plain", english),
        "apple-mail-photo": head("<A1B4@icloud.com>", *answering())
        + multipart(
            "multipart/mixed",
            "Apple-Mail-1",
            part("text/plain", SAID),
            attachment("IMG_0042.png", "image/png", tiny_png).replace("attachment;", "inline;"),
            part("text/plain", f"\n\n{quoted(LETTER)}"),
        ),
        "thunderbird": head("<5f2c@example.org>", *answering())
        + part("text/plain", thunderbird, "8bit"),
        "thunderbird-flowed": head("<5f2d@example.org>", *answering())
        + part("text/plain; format=flowed", flowed, "8bit"),
        "orange-webmail": head("<99@wwinf1.orange.fr>", *answering()) + part("text/plain", orange),
        "orange-webmail-new": head("<98@opme11.orange.fr>", *answering())
        + part("text/plain", orange_new),
        "free-webmail": head("<77.JavaMail.root@zimbra.free.fr>", *answering())
        + part("text/plain", free, charset="iso-8859-15"),
        "laposte-html": head("<66@laposte.net>", *answering())
        + part(
            "text/html",
            f"<p>{html(SAID)}</p><blockquote>Le 23 nov. a écrit :<br>{html(LETTER)}</blockquote>",
        ),
        "answers-inside-the-quote": head("<i1@example.org>", *answering())
        + part("text/plain", inside),
        "charset-declared-utf8-is-cp1252": (
            head("<c1@example.org>", *answering())
            + 'Content-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: 8bit\n\n'
        ).encode()
        + SAID.encode("cp1252"),
        "charset-unknown": (
            head("<c2@example.org>", *answering())
            + 'Content-Type: text/plain; charset="x-unknown"\nContent-Transfer-Encoding: 8bit\n\n'
        ).encode()
        + SAID.encode(),
        "charset-absent-headers-raw": (
            head(
                "<c3@example.org>",
                *answering(),
                sender="Zoé Léger <alice@example.org>",
                subject="Ça clignote",
            )
            + "\n"
        ).encode("latin-1")
        + SAID.encode(),
        "charset-zip-codec": head("<c4@example.org>", *answering())
        + 'Content-Type: text/plain; charset="zip_codec"\n\nBonjour\n',
        "thirty-attachments": head("<t30@example.org>", *answering())
        + multipart("multipart/mixed", "many", part("text/plain", SAID), *many),
        "zip-bomb": head("<zip@example.org>", *answering())
        + multipart(
            "multipart/mixed",
            "zip",
            part("text/plain", SAID),
            attachment("photos.zip", "application/zip", bomb),
            attachment(
                "devis.docx",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                bomb,
            ),
        ),
        "logo-in-signature": head("<logo@example.org>", *answering())
        + multipart(
            "multipart/related",
            "logo",
            part("text/html", f'<p>{html(SAID)}</p><img src="cid:image001.png@01">'),
            attachment(
                "image001.png", "image/png", tiny_png, "Content-ID: <image001.png@01>"
            ).replace("attachment;", "inline;"),
        ),
        "winmail": head("<tnef@example.org>", *answering())
        + multipart(
            "multipart/mixed",
            "tnef",
            part("text/plain", SAID),
            attachment("winmail.dat", "application/ms-tnef", b"\x78\x9f\x3e\x22" + b"0" * 40),
        ),
        "auto-rfc3834": head("<auto1@example.org>", *answering(), "Auto-Submitted: auto-replied")
        + part("text/plain", "Je suis absente jusqu’au 30."),
        "auto-outlook": head(
            "<auto2@example.org>",
            *answering(),
            "X-Auto-Response-Suppress: All",
            subject="=?iso-8859-1?Q?R=E9ponse_automatique_:_Votre_demande?=",
        )
        + part("text/plain", "Je suis absente."),
        "auto-precedence": head("<auto3@example.org>", *answering(), "Precedence: auto_reply")
        + part("text/plain", "Vacation."),
        "auto-vacation-x": head("<auto4@example.org>", *answering(), "X-Autoreply: yes")
        + part("text/plain", "Absent."),
        "mailing-list": head(
            "<list@example.org>",
            *answering(),
            "List-Id: Riverains <riverains.example.org>",
            "Precedence: list",
        )
        + plain,
        "loop-of-our-own": head(
            "<loop@example.org>", *answering(), "X-Loop: suivi@reponses.villeneuve.test"
        )
        + plain,
        "from-ourselves": head(
            "<self@example.org>", *answering(), sender="<suivi+x@reponses.villeneuve.test>"
        )
        + plain,
        "null-sender": head("<null@example.org>", *answering()).replace(
            "Return-Path: <alice@example.org>", "Return-Path: <>"
        )
        + part("text/plain", "Undeliverable"),
        "bounce-dsn": _bounce("failed"),
        "bounce-delayed": _bounce("delayed"),
        "signed-smime": head("<smime@example.org>", *answering())
        + multipart(
            'multipart/signed; protocol="application/pkcs7-signature"',
            "sig",
            plain,
            attachment("smime.p7s", "application/pkcs7-signature", b"0\x82" + b"0" * 60),
        ),
        "no-message-id": head("<gone>", *answering()).replace("Message-ID: <gone>\n", "") + plain,
        "empty": head("<empty@example.org>", *answering()) + part("text/plain", "\n\n"),
        "not-a-message": b"\x00\x01\x02" * 50,
        "deep": head("<deep@example.org>", *answering()) + _deep(400),
    }
    return corpus


def _zip_bomb() -> bytes:
    import io
    import zipfile

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"0" * 30_000_000)
    return target.getvalue()


def _deep(levels: int) -> str:
    body = part("text/plain", "au fond")
    for level in range(levels):
        body = multipart("multipart/mixed", f"b{level}", body)
    return body


def _bounce(action: str) -> str:
    status = textwrap.dedent(
        f"""\
        Reporting-MTA: dns; mx.example.org

        Final-Recipient: rfc822; alice@example.org
        Action: {action}
        Status: 5.1.1
        Diagnostic-Code: smtp; 550 5.1.1 User unknown
        """
    )
    lines = [
        "Return-Path: <>",
        "From: MAILER-DAEMON@mx.example.org (Mail Delivery System)",
        f"To: {TO}",
        "Subject: Undelivered Mail Returned to Sender",
        f"Message-ID: <dsn-{action}@mx.example.org>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
    ]
    return (
        "\n".join(lines)
        + "\n"
        + multipart(
            "multipart/report; report-type=delivery-status",
            "dsn",
            part("text/plain", "I'm sorry.", "8bit"),
            f"Content-Type: message/delivery-status\n\n{status}",
            f"Content-Type: text/rfc822-headers\n\nMessage-ID: {OURS}\nSubject: Votre demande\n",
        )
    )


def write() -> None:
    for name, content in corpus().items():
        raw = content if isinstance(content, bytes) else content.encode()
        (HERE / f"{name}.eml").write_bytes(raw)


if __name__ == "__main__":
    write()
