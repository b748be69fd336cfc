"""Links between pages lead somewhere; public pages are named by https."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, links, paths


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if "://" in link:
            assert link.startswith("https://"), link
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{page.name}: {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {link}"


def test_the_readme_leads_to_every_page_of_docs() -> None:
    readme = PAGES[0]
    linked = {(readme.parent / link.partition("#")[0]).resolve() for link in links(readme) if "://" not in link}
    assert {page for page in PAGES if page.parent.name == "docs"} <= linked


EXAMPLES = {"paasim/router/share.py", "results/"}
"""Paths that a page names and that are not there."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page: Path) -> None:
    """From the root, from the package, or from the page's own folder."""
    for name in paths(page) - EXAMPLES:
        assert any((start / name).exists() for start in (ROOT, ROOT / "paasim", page.parent)), f"{page.name}: {name}"
