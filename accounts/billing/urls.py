from django.urls import path

from accounts.billing import console, views

app_name = "billing"
urlpatterns = [
    path("prices/", views.prices, name="prices"),
    path("plan/", views.plan, name="plan"),
    path("plan/choose/", views.choose, name="choose"),
    path("plan/pay/", views.pay, name="pay"),
    path("plan/manage/", views.manage, name="manage"),
    path("plan/returned/", views.returned, name="returned"),
    path("plan/cancel/", views.cancel, name="cancel"),
    path("plan/keep/", views.keep, name="keep"),
    path("stripe/webhook/", views.webhook, name="webhook"),
    path("console/plans/", console.plans, name="console_plans"),
    path("console/plans/<uuid:pk>/", console.person, name="console_plan"),
    path("console/plans/<uuid:pk>/end/", console.end, name="console_end"),
]
