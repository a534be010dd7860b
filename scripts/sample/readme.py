"""The README of the sample inbox: one part for each script that fills it."""

MARK = "<!-- {} -->\n"
PARTS = ("plan", "months")


def write_readme(folder, part, text):
    """Replaces one part of folder/README.md and keeps the others."""
    path = folder / "README.md"
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    parts = {}
    for name in PARTS:
        before, mark, after = written.partition(MARK.format(name))
        following = [after.find(MARK.format(other)) for other in PARTS if MARK.format(other) in after]
        parts[name] = after[:min(following, default=len(after))] if mark else ""
    parts[part] = text.strip("\n") + "\n\n"
    whole = "".join(MARK.format(name) + parts[name] for name in PARTS if parts[name])
    path.write_text(whole.rstrip("\n") + "\n", encoding="utf-8")
