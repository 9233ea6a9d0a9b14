"""What the page says about something that was scanned: what it was taken for, and what to look at now.

>>> scan_notice(Scanned("parts", have=1, of=3)).zh
'离线码已读 1/3，请继续扫描同一回执上的其余二维码。'
"""

from exchange_api.counter.codes import Scanned
from exchange_api.pages import words
from exchange_api.pages.views.frame import Words

_NOTICES = {
    "number": Words("已填入证照编号。", "The certificate number was filled in."),
    "holder": Words(
        "扫到的是证件号码，已填入持证主体；证照编号请另行扫描或键入。",
        "This is the holder's own code and was filled in there; scan or type the certificate number, too.",
    ),
    "identifier": Words(
        "已识别电子证照标识，填入了证照类型和流水号；流水号与证照编号不一致的，请改为证照上的编号。",
        "A certificate identifier: its type and serial were filled in. Where the certificate bears another number, "
        "enter that.",
    ),
    "credential": Words(
        "已识别本平台出具的核验件，填入了所出示的内容；请再次核验当前状态。",
        "A credential of this hub: what it discloses was filled in; verify again how things are now.",
    ),
}


def scan_notice(scanned: Scanned) -> Words:
    """What was understood."""
    if scanned.kind == "parts":
        done = f"{scanned.have}/{scanned.of}"
        return Words(
            f"离线码已读 {done}，请继续扫描同一回执上的其余二维码。",
            f"{done} of the offline code; scan the other codes of the same receipt.",
        )
    if scanned.kind == "receipt":
        return _of_receipt(scanned)
    return _NOTICES[scanned.kind]


def _of_receipt(scanned: Scanned) -> Words:
    said = words.VERDICTS.get(scanned.said, words.ANSWERED).name
    day = scanned.said_at[:10]
    return Words(
        f"本平台 {day} 出具的真实回执，当时结论：{said.zh}。已填入所载内容，请再次核验当前状态。",
        f"A genuine receipt of this hub, made on {day}; it said then: {said.en}. What it tells was filled in; verify "
        "again how things are now.",
    )
