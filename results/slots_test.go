package results

import (
	"encoding/json"
	"testing"
)

func TestSlots(t *testing.T) {
	for _, tt := range []struct{ a, b, plus, and, minus string }{
		{"0-5460", "5461-10922", "0-10922", "", "0-5460"},
		{"0-100", "50-60 70", "0-100", "50-60 70", "0-49 61-69 71-100"},
		{"5 7 9-12", "6-10", "5-12", "7 9-10", "5 11-12"},
		{"", "3", "3", "", ""},
		{"16383", "0-16383", "0-16383", "16383", ""},
	} {
		a, err1 := ParseSlots(tt.a)
		b, err2 := ParseSlots(tt.b)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if a.Plus(b).String() != tt.plus || a.And(b).String() != tt.and || a.Minus(b).String() != tt.minus {
			t.Errorf("%q and %q: plus %q, and %q, minus %q; want %+v", a, b, a.Plus(b), a.And(b), a.Minus(b), tt)
		}
		if a.And(b).Count()+a.Minus(b).Count() != a.Count() {
			t.Errorf("%q: %d slots, %d of them in %q and %d not", a, a.Count(), a.And(b).Count(), b, a.Minus(b).Count())
		}
	}
	for _, text := range []string{"0-16384", "-1", "5-3", "a", "1-2-3"} {
		if s, err := ParseSlots(text); err == nil {
			t.Errorf("%q was read as %q", text, s)
		}
	}
}

func TestSlotsOfEvents(t *testing.T) {
	e := Event{Kind: EventSlotsGained, Slots: SlotsOf(SlotRange{7, 9}, SlotRange{0, 5}, SlotRange{6, 6}), Epoch: 3}
	b, err := json.Marshal(e)
	if err != nil || string(b) != `{"offsetMs":0,"kind":"slots-gained","source":"","epoch":3,"slots":"0-9"}` {
		t.Errorf("%s, %v", b, err)
	}
	var back Event
	if err := json.Unmarshal(b, &back); err != nil || back.Slots.String() != "0-9" {
		t.Errorf("%+v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"kind":"slots-gained","slots":"0-99999"}`), &back); err == nil {
		t.Error("slots that do not exist were read")
	}
}
