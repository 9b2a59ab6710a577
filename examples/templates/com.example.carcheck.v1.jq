# Checks as the imagined company CarCheck sends them: points of a maximum for
# each part of the car, and no texts for people. The worker makes the widgets:
# this only says which value is which.

# The tablets write letters of Arabic keyboards.
def persian: gsub("ي"; "ی") | gsub("ك"; "ک");

def title: {body: "بدنه و رنگ", engine: "موتور و گیربکس", tyres: "لاستیک‌ها"}[.]
  // error("unknown part \(.): add its title to the template");

.data
| . as $check
| ([.points[]] | add) as $points
| ([.of[]] | add) as $most
| {inspection: {
    title: "کارشناسی \(.car.model | persian)",
    inspector: "CarCheck",
    inspected_at: .done,
    overall: {score: ($points * 100 / $most | round)},
    verdict: (if $points * 100 >= $most * 80 then "approved" else "conditional" end),
    sections: [.points | keys[] | {title: title, score: ($check.points[.] * 100 / $check.of[.] | round)}],
    facts: [{title: "کارکرد", value: "\(.car.km) کیلومتر"}, {title: "شمارهٔ کارشناسی", value: "\(.check)"}],
    summary: .remarks,
    report_url: "https://carcheck.example/c/\(.check)"
  }}
