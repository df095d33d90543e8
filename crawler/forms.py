"""What staff fill in about crawling: a source, and a host that is never visited."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils.html import format_html

from crawler import blocking
from crawler.defaults import web_policy
from crawler.models import Source
from crawler.policy import FetchRefused, canonical_url, parse_url
from crawler.sources import CONCURRENCY, DELAY_SECONDS, Plan, judge

MOST_LISTED = 1000
MOST_PAGES = 1_000_000
_HOUR, _DAY = "hours", "days"
_UNITS = {_HOUR: timedelta(hours=1), _DAY: timedelta(days=1)}
_SITE_DEPTH = 10
_LONGEST = timedelta(days=365)

_KINDS = (
    (Source.Kind.SITE, "A site", "Follows links on its host."),
    (Source.Kind.URLS, "A list of pages", "Those pages and no others."),
    (Source.Kind.SITEMAP, "A sitemap", "The pages it lists."),
    (Source.Kind.FEED, "A feed", "RSS, Atom or JSON Feed: what is new."),
    (Source.Kind.WARC, "A web archive file", "Pages kept in a WARC file. Nothing is asked of their sites."),
)


def _number(label: str, least: int, most: int, initial: int | None = None, **more: Any) -> forms.IntegerField:
    message = f"Give a whole number from {least} to {most:,}."
    errors = {"invalid": message, "min_value": message, "max_value": message, "required": message}
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, initial=initial, error_messages=errors, **more
    )


class PlanForm(forms.Form):
    """How a source is crawled: for one that is there already."""

    seeds = forms.CharField(
        label="Pages",
        max_length=400_000,
        help_text=f"One web address a line, up to {MOST_LISTED}.",
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocapitalize": "none"}),
        error_messages={"required": "Give at least one page, one a line."},
    )
    note = forms.CharField(
        label="Why it is crawled",
        max_length=1000,
        help_text="In a sentence that a colleague, or the owner of the site, would accept.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why. It is kept with the source."},
    )
    path = forms.CharField(
        label="Only this part of the site",
        required=False,
        max_length=1000,
        help_text="The beginning of the path, for example /gallery/. Empty: the whole site.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
    )
    depth = _number("Links deep", 0, 100, required=False, help_text="Empty: 10 for a site, else 0.")
    max_pages = _number("Pages at most", 1, MOST_PAGES, 1000, help_text="In one run.")
    max_pictures = _number("Pictures at most", 1, MOST_PAGES, 20_000, help_text="In one run.")
    every = _number("Every", 1, 8760, required=False, help_text="Empty: only when somebody presses “Crawl now”.")
    unit = forms.ChoiceField(label="Hours or days", choices=((_DAY, "Days"), (_HOUR, "Hours")), initial=_DAY)
    delay_seconds = forms.FloatField(
        label="Seconds between requests",
        required=False,
        min_value=DELAY_SECONDS[0],
        max_value=DELAY_SECONDS[1],
        widget=forms.NumberInput(attrs={"step": "0.1"}),
    )
    concurrency = _number("Requests at the same time", *CONCURRENCY, required=False)
    needs_browser = forms.BooleanField(
        label="Its pages need JavaScript",
        required=False,
        help_text="Each page is opened in a browser. Slower, and heavier on the site: only where pictures stay "
        "missing otherwise.",
    )
    allow_private = forms.BooleanField(
        label="It is on a private network",
        required=False,
        help_text="Also opens addresses of this machine and of private networks. For sites of your own.",
    )

    def __init__(self, *args: Any, kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        wait = f"{settings.CRAWLER_DELAY_SECONDS:g}"
        least, most = DELAY_SECONDS
        self.fields["delay_seconds"].help_text = f"Empty: ours, which is {wait}. The site may ask for more."
        message = f"Give a number from {least} to {most:.0f}."
        for error in ("invalid", "min_value", "max_value"):
            self.fields["delay_seconds"].error_messages[error] = message
        self.fields["concurrency"].help_text = f"Empty: ours. {CONCURRENCY[1]} at most."
        if not settings.FETCH_ALLOW_PRIVATE:
            # Whoever may sign in to the console must not be able to open the inner network with a tick: that
            # takes the machine's own settings.
            del self.fields["allow_private"]
        if kind and kind != Source.Kind.URLS:
            del self.fields["seeds"]

    def clean_path(self) -> str:
        path = str(self.cleaned_data["path"]).strip()
        if path in ("", "/"):
            return ""
        try:
            if path.startswith("/"):
                return parse_url(f"https://host.invalid{path}").path
        except FetchRefused:
            pass
        raise forms.ValidationError("Begin it with “/”: it is a path, such as /gallery/.")

    def clean(self) -> dict[str, Any]:
        if self.kind == Source.Kind.URLS:
            self._clean_seeds()
        interval = self._interval()
        if interval and interval > _LONGEST:
            self.add_error("every", "A year at most.")
        return self.cleaned_data

    def _clean_seeds(self) -> None:
        lines = [line.strip() for line in str(self.cleaned_data.get("seeds") or "").splitlines() if line.strip()]
        if len(lines) > MOST_LISTED:
            self.add_error("seeds", f"These are {len(lines)} pages. {MOST_LISTED} at most make one source.")
        elif lines:
            self.cleaned_data["seeds"] = self._judged("seeds", lines)

    def _judged(self, field: str, urls: Sequence[str]) -> list[str]:
        """The canonical URLs; what must not be crawled is an error of `field` that names the URL."""
        policy = web_policy(allow_private=self._private())
        blocked, judged = blocking.hosts(), []
        for url in urls:
            which = f"{url[:100]}: " if len(urls) > 1 else ""
            try:
                # Looking up a thousand names would take too long; each is judged again when it is requested.
                clean = judge([url], policy)[0] if len(urls) == 1 else policy.check_url(url).url
            except FetchRefused as refusal:
                hint = self._private_hint() if refusal.code == "private_address" else ""
                self.add_error(field, f"{which}{refusal.sentence}{hint}")
                return []
            if blocking.names(parse_url(clean).host) & blocked:
                self.add_error(field, f"{which}This host is blocked. Unblock it first.")
                return []
            judged.append(canonical_url(clean))
        return list(dict.fromkeys(judged))

    def _private(self) -> bool:
        """Where the form does not ask, what was so stays so."""
        return bool(self.cleaned_data.get("allow_private", self.initial.get("allow_private")))

    def _private_hint(self) -> str:
        return " Tick “It is on a private network” if it is yours." if "allow_private" in self.fields else ""

    def _interval(self) -> timedelta | None:
        every, unit = self.cleaned_data.get("every"), self.cleaned_data.get("unit")
        return every * _UNITS[unit] if every and unit else None

    def _depth(self) -> int:
        """What a sitemap or a feed lists is all of it, unless somebody asks for more."""
        given: int | None = self.cleaned_data["depth"]
        return given if given is not None else (_SITE_DEPTH if self.kind == Source.Kind.SITE else 0)

    def plan(self) -> Plan:
        """What a valid form says."""
        data = self.cleaned_data
        return Plan(
            seeds=tuple(data.get("seeds") or ()) if self.kind == Source.Kind.URLS else (),
            path=data["path"],
            depth=self._depth(),
            max_pages=data["max_pages"],
            max_pictures=data["max_pictures"],
            every=self._interval(),
            delay_seconds=data["delay_seconds"],
            concurrency=data["concurrency"],
            needs_browser=data["needs_browser"],
            allow_private=self._private(),
            note=data["note"],
        )


class NameSourceForm(PlanForm):
    """A new source: what it is and where it starts, and how it is crawled."""

    what = forms.ChoiceField(
        label="Kind",
        choices=[(kind.value, format_html("{}<small>{}</small>", title, text)) for kind, title, text in _KINDS],
        initial=Source.Kind.SITE.value,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what it is.", "invalid_choice": "Choose one of these."},
    )
    url = forms.CharField(
        label="Web address",
        max_length=4096,
        help_text="Where it starts, for example https://forum.example/.",
        widget=forms.URLInput(attrs={"spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}),
        error_messages={"required": "Give the address where it starts."},
    )
    field_order = ("what", "url", "seeds", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:
            self.kind = str(self.data.get("what", ""))
            listed = self.kind == Source.Kind.URLS
            self.fields["url"].required, self.fields["seeds"].required = not listed, listed

    def clean(self) -> dict[str, Any]:
        given = str(self.cleaned_data.get("url") or "")
        if given and self.kind != Source.Kind.URLS:
            urls = self._judged("url", [given if "://" in given else f"https://{given}"])
            self.cleaned_data["url"] = urls[0] if urls else ""
        return super().clean()

    def start(self) -> str:
        """Where the named source starts, of a valid form."""
        return str(self.cleaned_data["seeds"][0] if self.kind == Source.Kind.URLS else self.cleaned_data["url"])


def initial(source: Source) -> dict[str, Any]:
    """How a source is crawled now, as the form shows it."""
    days = source.every is not None and source.every % _UNITS[_DAY] == timedelta(0)
    unit = _DAY if days or source.every is None else _HOUR
    names = ("note", "path", "depth", "max_pages", "max_pictures", "delay_seconds", "concurrency")
    fields = {name: getattr(source, name) for name in (*names, "needs_browser", "allow_private")}
    every = None if source.every is None else max(1, round(source.every / _UNITS[unit]))
    return {**fields, "seeds": "\n".join(source.seeds), "every": every, "unit": unit}


class BlockForm(forms.Form):
    """A host that is never visited again, and why."""

    host = forms.CharField(
        label="Host",
        max_length=300,
        help_text="For example photos.example. Every name below it is blocked too.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}),
        error_messages={"required": "Name the host."},
    )
    reason = forms.CharField(
        label="Why",
        max_length=500,
        help_text="Who asked for it, or what is wrong there. It is kept with the entry.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Say why. It is kept with the entry."},
    )

    def clean_host(self) -> str:
        try:
            return blocking.normal_host(self.cleaned_data["host"])
        except blocking.NotAccepted as problem:
            raise forms.ValidationError(problem.sentence) from None
