"""What a subscriber tells us about: a page to look at."""

from django import forms


class ReportForm(forms.Form):
    """The address of one page."""

    url = forms.CharField(
        label="Address of the page",
        max_length=4096,
        help_text="As your browser shows it, for example https://forum.example/thread/12.",
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
        error_messages={
            "required": "Paste the address of the page.",
            "max_length": "That address is too long.",
        },
    )

    def clean_url(self) -> str:
        """People leave out `https://` because browsers hide it."""
        url = str(self.cleaned_data["url"])
        return url if "://" in url else f"https://{url}"
