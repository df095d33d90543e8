from django.urls import path

from accounts.rights import console_views, views

app_name = "rights"
urlpatterns = [
    path("my-data/", views.index, name="index"),
    path("my-data/choose/", views.choose, name="choose"),
    path("my-data/archive/", views.export, name="export"),
    path("my-data/erase/", views.erase, name="erase"),
    # Before the receipts themselves, whose references all begin with "ER-".
    path("receipts/check/", views.verify_receipt, name="verify_receipt"),
    path("receipts/<str:reference>/", views.receipt, name="receipt"),
    path("receipts/<str:reference>/file/", views.receipt_file, name="receipt_file"),
    path("console/holds/", console_views.legal_holds, name="holds"),
    path("console/holds/<uuid:pk>/release/", console_views.release_hold, name="release_hold"),
]
