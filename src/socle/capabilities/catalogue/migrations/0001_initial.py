import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("packs", "0001_initial"),
        ("territories", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PublicService",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(max_length=100, unique=True)),
                ("title", models.CharField(max_length=200)),
                ("summary", models.CharField(max_length=400)),
                ("icon", models.CharField(default="file-text", max_length=40)),
                ("theme", models.SlugField(max_length=60)),
                ("audiences", models.JSONField(default=list)),
                ("life_events", models.JSONField(default=list)),
                ("areas", models.JSONField(default=list)),
                ("action", models.CharField(default="information", max_length=16)),
                ("action_url", models.CharField(blank=True, max_length=400)),
                ("featured", models.PositiveSmallIntegerField(default=0)),
                ("content", models.JSONField(default=dict)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="territories.organisation",
                    ),
                ),
                (
                    "revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="packs.revision",
                    ),
                ),
            ],
            options={
                "ordering": ["title"],
                "indexes": [
                    models.Index(
                        fields=["is_active", "theme"], name="catalogue_p_is_acti_36ba33_idx"
                    )
                ],
            },
        ),
    ]
