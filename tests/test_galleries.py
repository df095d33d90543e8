"""Pages as widespread software writes them: each picture once, in the largest size on offer."""

import pytest

from crawler.reading.extract import extract

WIX = "https://static.wixstatic.com/media/11062b_ab~mv2.jpg"
BLOG = "https://1.bp.blogspot.com/-x/T/AA"
SPACE = "https://images.squarespace-cdn.com/content/v1/5f/abc/IMG_2.jpg"
SHA = "0123456789abcdef0123456789abcdef01234567"
SIGN = "0123456789abcdef0123456789abcde"

PAGES = {
    "wordpress": (
        '<figure><a href="/u/IMG_1.jpg"><img width="1024" height="683" data-id="11" src="/u/IMG_1-1024x683.jpg" '
        'srcset="/u/IMG_1-1024x683.jpg 1024w, /u/IMG_1-300x200.jpg 300w, /u/IMG_1-150x150.jpg 150w"></a></figure>',
        ["/u/IMG_1.jpg"],
    ),
    "photon": (
        '<img src="https://i0.wp.com/site.example/u/a.jpg?resize=300%2C200&#038;ssl=1"><a href="/u/a.jpg">x</a>'
        '<img src="https://i2.wp.com/site.example/u/b.jpg?w=300"><img src="https://i1.wp.com/site.example/u/b.jpg?w=900">',
        ["/u/a.jpg", "https://i1.wp.com/site.example/u/b.jpg?w=900"],
    ),
    "elementor": (
        '<a href="/u/2.jpg" data-elementor-open-lightbox="yes"><div data-thumbnail="/u/2-300x225.jpg"></div></a>'
        '<section data-settings="{&quot;gallery&quot;:[{&quot;url&quot;:&quot;\\/u\\/bg.jpg&quot;}]}">',
        ["/u/2.jpg", "/u/bg.jpg"],
    ),
    "squarespace": (
        f'<img src="{SPACE}?format=300w"><img src="{SPACE}?format=1500w">',
        [f"{SPACE}?format=1500w"],
    ),
    "wix": (
        f'<wow-image data-image-info="{{&quot;uri&quot;:&quot;11062b_ab~mv2.jpg&quot;}}"></wow-image>'
        f'<img src="{WIX}/v1/fill/w_147,h_98,al_c,blur_2/11062b_ab~mv2.jpg">'
        f'<img src="{WIX}/v1/fill/w_980,h_653,al_c,q_85/team.jpg">',
        [f"{WIX}/v1/fill/w_980,h_653,al_c,q_85/team.jpg"],
    ),
    "wix_original": (f'<img src="{WIX}/v1/fit/w_98,h_98/a.jpg"><img src="{WIX}">', [WIX]),
    "blogger": (
        f'<a href="{BLOG}/b/s1600/p.JPG"><img src="{BLOG}/b/s320/p.JPG"></a>'
        f'<img src="{BLOG}/c/w640-h480-p-k-no-nu/q.jpg"><img src="{BLOG}/c/s72-c/q.jpg">',
        [f"{BLOG}/b/s1600/p.JPG", f"{BLOG}/c/w640-h480-p-k-no-nu/q.jpg"],
    ),
    "blogger_page": (
        f'<a href="{BLOG}/b/s1600-h/p.jpg"><img src="{BLOG}/b/s400/p.jpg"></a>',
        [f"{BLOG}/b/s1600-h/p.jpg", f"{BLOG}/b/s400/p.jpg"],
    ),
    "mediawiki": (
        '<a href="/wiki/File:Ada.jpg"><img src="/thumb/a/a4/Ada.jpg/220px-Ada.jpg" '
        'srcset="/thumb/a/a4/Ada.jpg/330px-Ada.jpg 1.5x, /thumb/a/a4/Ada.jpg/440px-Ada.jpg 2x"></a>',
        ["/thumb/a/a4/Ada.jpg/440px-Ada.jpg"],
    ),
    "discourse": (
        f'<a href="/uploads/default/original/1X/{SHA}.jpeg" data-download-href="/uploads/short-url/x.jpeg?dl=1">'
        f'<img src="/uploads/default/optimized/1X/{SHA}_2_690x460.jpeg"></a>',
        [f"/uploads/default/original/1X/{SHA}.jpeg"],
    ),
    "drupal": (
        '<img src="/files/styles/thumbnail/public/20/a.jpg?itok=a1">'
        '<img src="/files/styles/large/public/20/a.jpg?itok=b2">'
        '<img src="/files/styles/medium/public/b.jpg?itok=a1"><a href="/files/b.jpg">b</a>',
        ["/files/styles/large/public/20/a.jpg?itok=b2", "/files/b.jpg"],
    ),
    "piwigo": (
        '<img src="/_data/i/upload/20/ab-th.jpg"><img src="/_data/i/upload/20/ab-me.jpg">',
        ["/_data/i/upload/20/ab-me.jpg"],
    ),
    "coppermine": (
        '<img src="/albums/thumb_I5.jpg"><img src="/albums/normal_I5.jpg"><img src="/albums/I5.jpg">',
        ["/albums/I5.jpg"],
    ),
    "forum": (
        '<a href="/file.php?id=18&amp;mode=view"><img src="/file.php?id=18&amp;t=1"></a><img src="/file.php?id=19">',
        ["/file.php?id=18&t=1", "/file.php?id=19"],
    ),
    "photoswipe": ('<a href="/view/3" data-pswp-src="/full/3.jpg" data-pswp-width="1669">x</a>', ["/full/3.jpg"]),
    "lightgallery": (
        '<a data-src="/i/1-1600.jpg" data-sub-html="<h4>x</h4>" data-responsive="/i/1-375.jpg 375">x</a>',
        ["/i/1-1600.jpg"],
    ),
    "fancybox": ('<a data-fancybox="g" data-src="/f/big.jpg" href="javascript:;">x</a>', ["/f/big.jpg"]),
    "swiper": (
        '<img data-src="/s/1.jpg" class="swiper-lazy"><div class="swiper-lazy" data-background="/s/2.jpg"></div>',
        ["/s/1.jpg", "/s/2.jpg"],
    ),
    "google_photos": (
        "<script>f({data:[['https://lh3.googleusercontent.com/pw/AP1GczM0abcdefghijklmnop',4032]]})</script>",
        ["https://lh3.googleusercontent.com/pw/AP1GczM0abcdefghijklmnop"],
    ),
    "shopify": (
        '<script type="application/json">{"images":["\\/s\\/files\\/a.jpg?v=1"]}</script>'
        '<img src="/s/files/a_300x.jpg?v=1">'
        '<img data-src="/s/files/b_{width}x.jpg" data-widths="[180, 540]" src="/s/files/b_300x300.jpg">'
        '<img data-src="/s/files/c_{width}x.jpg" src="/s/files/c_300x.jpg">',
        ["/s/files/a.jpg?v=1", "/s/files/b_540x.jpg", "/s/files/c_300x.jpg"],
    ),
    "vk": (
        f'<a style="background-image: url(/impg/x.jpg?size=510x340&amp;quality=96&amp;sign={SIGN}1&amp;type=album)" '
        f'onclick="return showPhoto({{&quot;y&quot;:&quot;\\/impg\\/x.jpg?size=807x538&amp;quality=96'
        f'&amp;sign={SIGN}2&amp;type=album&quot;}})">x</a>',
        [f"/impg/x.jpg?size=807x538&quality=96&sign={SIGN}2&type=album"],
    ),
    "magento": (
        '<script type="text/x-magento-init">{"data":[{"full":"\\/media\\/f.jpg"}]}</script>'
        '<script type="text/template"><img src="/t/a.jpg"><img src="/t/{{id}}.jpg"></script>',
        ["/media/f.jpg", "/t/a.jpg"],
    ),
    "script_links": (
        "<a href=\"javascript:popup('p/2.jpg')\">x</a><a href='JavaScript:open(&quot;p/3.jpg&quot;)'>x</a>",
        ["/dir/p/2.jpg", "/dir/p/3.jpg"],
    ),
    "vue": (
        '<img :src="\'/u/w.jpg\'"><x-view :images="[&quot;/u/1.jpg&quot;]"></x-view>',
        ["/u/w.jpg", "/u/1.jpg"],
    ),
    "mistyped": (
        '<img src="http:\\/\\/site.example\\/a.jpg"><img src="img\\b.jpg"><img src="\\&quot;/c.jpg\\&quot;">'
        '<img src="http:////site.example/d.jpg">',
        ["/a.jpg", "/dir/img/b.jpg", "/c.jpg", "/d.jpg"],
    ),
    "cloudinary": (
        '<img srcset="/d/image/upload/c_scale,w_200/a.jpg 200w, /d/image/upload/c_scale,w_1000/a.jpg 1000w">',
        ["/d/image/upload/c_scale,w_1000/a.jpg"],
    ),
}


@pytest.mark.parametrize("software", PAGES)
def test_every_picture_once_in_its_largest_size(software: str) -> None:
    page, expected = PAGES[software]
    found = extract(page, "http://site.example/dir/page.html").images
    assert [image.url.removeprefix("http://site.example") for image in found] == expected


@pytest.mark.parametrize("name", ["File:Ada.jpg", "Datei:Ada.JPG", "%D0%A4%D0%B0%D0%B9%D0%BB:Ada.png"])
def test_a_page_about_a_file_is_a_page(name: str) -> None:
    content = extract(f'<a href="/wiki/{name}">x</a>', "http://site.example/")
    assert (content.images, len(content.links)) == ([], 1)


def test_a_file_with_a_time_in_its_name_is_a_file() -> None:
    assert extract('<a href="/cam/12:30.jpg">x</a>', "http://site.example/").images
