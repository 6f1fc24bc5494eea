import RoomsDatabase
import Testing

/// How texts are cut into words.
@Suite struct SearchWordsTests {
    private func words(_ text: String) -> [String] { SearchWords.words(of: text).map { String(decoding: $0, as: UTF8.self) } }

    @Test(arguments: [
        ("", []), ("  ...  ", []), ("Hello, World!", ["hello", "world"]), ("don't e-mail 42", ["don", "t", "e", "mail", "42"]),
        ("Grüße AUS ÉTÉ", ["grüße", "aus", "été"]), ("Привет, МИР", ["привет", "мир"]), ("日本語です", ["日", "本", "語", "で", "す"]),
        ("mixed日本words", ["mixed", "日", "本", "words"]), ("안녕 세계", ["안녕", "세계"]), ("👍 fine", ["fine"]),
        ("e\u{301}te\u{301}", ["e\u{301}te\u{301}"]), ("هذا نص", ["هذا", "نص"]),
    ])
    func cut(_ text: String, _ expected: [String]) {
        #expect(words(text) == expected)
    }

    @Test func longWordsAreCutOff() {
        #expect(words(String(repeating: "a", count: 1000)).map(\.utf8.count) == [48])
    }
}
