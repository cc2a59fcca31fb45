"""What is wrong with a page's HTML that a browser forgives and a screen reader does not."""

from html.parser import HTMLParser

VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr"})
NAMED = frozenset({"a", "button", "summary"})
BLOCKS = frozenset({"div", "p", "ul", "ol", "section", "dl", "table", "form", "details", "h1", "h2", "h3", "h4"})
REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "list", "form", "headers")


class Markup(HTMLParser):
    """Reads a page; `faults` are sentences, none of a sound page."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.references: set[str] = set()
        self.labelled: set[str] = set()
        self.controls: list[dict[str, str]] = []
        self.headings: list[int] = []
        self.nameless: list[str] = []  # links and buttons that are open and have said nothing yet
        self.feed(body)
        self.close()
        self._judge()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        had = {name: value or "" for name, value in attrs}
        if len(had) != len(attrs):
            self.faults.append(f"An attribute stands twice in {attrs}.")
        self._identify(had)
        self._nest(tag)
        if tag in {"input", "select", "textarea"} and had.get("type") not in {"hidden", "submit"}:
            inside = "label" in self.open or any(had.get(name) for name in ("aria-label", "aria-labelledby"))
            self.controls += [] if inside else [had]
        if tag in {"h1", "h2", "h3", "h4"}:
            self.headings.append(int(tag[1]))
        if tag in NAMED:
            self.nameless += [] if had.get("aria-label") else [str(had)]
        if tag == "label":
            self.labelled.add(had.get("for", ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} closes what is not open.")
        if tag in NAMED and self.nameless:
            self.faults.append(f"A {tag} says nothing: {self.nameless.pop()}.")

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.nameless.clear()

    def _identify(self, had: dict[str, str]) -> None:
        if "id" in had and (had["id"] in self.ids or not had["id"] or " " in had["id"]):
            self.faults.append(f"The id {had['id']!r} is no id, or stands twice.")
        self.ids.add(had.get("id", ""))
        self.references.update(*(had.get(name, "").split() for name in REFERENCES))

    def _nest(self, tag: str) -> None:
        above = set(self.open)
        wrong = (
            (tag in {"a", "button"} and above & {"a", "button"})
            or (tag in BLOCKS and "p" in above)
            or (tag == "form" and "form" in above)
            or (tag in BLOCKS and self.open and self.open[-1] in {"ul", "ol", "tr", "tbody", "thead", "table"})
        )
        if wrong:
            self.faults.append(f"A {tag} at {self.getpos()} stands where none may: {self.open[-4:]}.")

    def _judge(self) -> None:
        self.faults += [f"A {tag} is never closed." for tag in self.open]
        self.faults += [f"Nothing has the id {name!r}." for name in self.references - self.ids]
        self.faults += [f"No label: {one}." for one in self.controls if one.get("id") not in self.labelled]
        jumps = [pair for pair in zip(self.headings, self.headings[1:], strict=False) if pair[1] > pair[0] + 1]
        self.faults += [f"Headings go from level {first} to {then}." for first, then in jumps]
