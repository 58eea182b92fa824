"""The living style page and the samples it shows."""

from django.urls import path

from socle.design import views

app_name = "design"

urlpatterns = [
    path("", views.design_page, name="design"),
    path("lieux.geojson", views.sample_places, name="sample-places"),
    path("communes.geojson", views.sample_contours, name="sample-contours"),
    path("adresses", views.sample_addresses, name="sample-addresses"),
    path("theme", views.set_theme, name="theme"),
]
