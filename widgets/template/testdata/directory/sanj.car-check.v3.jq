# Inspections as the imagined company Sanj sends them: sections in an array,
# each with points of its own maximum, facts as an object, no texts for people.

def colour: if . >= 80 then "SUCCESS_PRIMARY" elif . >= 60 then "SUCCESS_SECONDARY"
  elif . >= 40 then "WARNING_PRIMARY" else "ERROR_PRIMARY" end;

def title($code): {
    body: "بدنه و رنگ", engine: "موتور و گیربکس", chassis: "شاسی", tyres: "لاستیک‌ها", electric: "برق و الکترونیک"
  }[$code] // error("unknown section \($code): add its title to the template");

# Letters of Arabic keyboards, as this producer's tablets write them.
def persian: gsub("ي"; "ی") | gsub("ك"; "ک");

.data
| if .state != "FINAL" then error("the check is \(.state), only FINAL ones are shown") end
| (.sections | sort_by(.order)) as $sections
| ([$sections[].points] | add) as $points
| ([$sections[].max] | add) as $max
| {
    widgets: (
      [{title_row: {text: "گزارش کارشناسی \(.car.model | persian)", has_divider: true}},
       {score_row: {title: "امتیاز کل", percentage_score: ($points * 100 / $max | round),
          score_color: ($points * 100 / $max | colour), icon_name: "CAR_INSPECTED", has_divider: true}}]
      + [$sections[]
          | {score_row: ({title: title(.code), has_divider: true}
              + if .points == .max then {descriptive_score: "سالم", score_color: "SUCCESS_PRIMARY"}
                else (.points * 100 / .max | round) as $percent
                  | {percentage_score: $percent, score_color: ($percent | colour)} end)}]
      + [{group_info_row: {has_divider: true, items: [
          {title: "کارکرد", value: "\(.car.mileage_km) کیلومتر"},
          {title: "مدل", value: .car.year | tostring}]}}]
      + [.remarks // empty | persian | {description_row: {text: ., expandable: (length > 200)}}]
      + [{button_bar: {title: "گزارش کامل", action: {open_direct_link: .links.report}}}]
    ),
    semantic: ({VIN: .car.vin} + if .passed then {inspection_result: "INSPECTION_APPROVED"} else {} end)
  }
