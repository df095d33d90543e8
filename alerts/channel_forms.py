"""The forms of the other ways to hear of alerts."""

from django import forms

from alerts import push, webhooks


class WebhookForm(forms.Form):
    """An address to call."""

    url = forms.CharField(
        label="Address",
        max_length=2000,
        help_text="It must begin with https:// and be reachable from the internet.",
        widget=forms.URLInput(attrs={"autocomplete": "off", "inputmode": "url", "spellcheck": "false"}),
    )

    def clean_url(self) -> str:
        try:
            return webhooks.checked(self.cleaned_data["url"])
        except webhooks.NotTaken as reason:
            raise forms.ValidationError(str(reason)) from None


class BrowserForm(forms.Form):
    """Where the service behind a browser takes pushes; the page's script fills it in."""

    endpoint = forms.CharField(max_length=2000, widget=forms.HiddenInput)

    def clean_endpoint(self) -> str:
        try:
            return push.checked(self.cleaned_data["endpoint"])
        except push.NotTaken as reason:
            raise forms.ValidationError(str(reason)) from None
