package kenar

import "testing"

func TestRedactJSON(t *testing.T) {
	const hash = "e0c01d18d946a4145892bba6a6f31d1c0bc16de04f3df3d3ccd3adfe63e838bf"
	tests := map[string]string{
		`{"a":1}`: `{"a":1}`,
		`{"access_token":"t","x":{"API-Key":"k"}}`:                                     `{"access_token":"•••","x":{"API-Key":"•••"}}`,
		`{"authorization":{"scheme":"Bearer","value":"t"}, "VIN":"IRJC95R23KJ039206"}`: `{"authorization":{"scheme":"•••","value":"•••"}, "VIN":"` + hash + `"}`,
		`{"post_token":"AZir15UU","token":"t"}`:                                        `{"post_token":"AZir15UU","token":"t"}`, // post tokens are public
	}
	for in, want := range tests {
		got, err := RedactJSON([]byte(in))
		if err != nil || string(got) != want {
			t.Errorf("RedactJSON(%s) = %s, %v, want %s", in, got, err, want)
		}
		if again, err := RedactJSON(got); err != nil || string(again) != want {
			t.Errorf("again: %s, %v", again, err)
		}
	}
	if got, err := MaskJSON([]byte(`{"access_token":"t"}`)); err != nil || string(got) != `{"access_token":"t"}` {
		t.Errorf("MaskJSON touches credentials: %s, %v", got, err)
	}
}
