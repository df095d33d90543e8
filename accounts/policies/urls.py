from django.urls import path

from accounts.policies import views

app_name = "policies"
urlpatterns = [
    path("policies/", views.policies, name="policies"),
    path("policies/changes/", views.changes, name="changes"),
    path("policies/<slug:kind>/", views.policy, name="policy"),
    path("policies/<slug:kind>/<slug:version>/", views.policy, name="version"),
    path("policies/<slug:kind>/<slug:old>/to/<slug:new>/", views.difference, name="difference"),
    path("processors/", views.processor_list, name="processors"),
    path(".well-known/gpc.json", views.gpc, name="gpc"),
]
