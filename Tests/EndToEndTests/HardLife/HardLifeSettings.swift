import Glibc

/// How hard the tests are on the server; docs/testing.md describes the variables.
enum HardLifeSettings {
    /// How often the server is killed (`MARTLET_TEST_KILLS`).
    static let kills = number("MARTLET_TEST_KILLS") ?? 10
    /// How many backups are made, one every second (`MARTLET_TEST_BACKUPS`).
    static let backups = number("MARTLET_TEST_BACKUPS") ?? 10
    /// The seed of the random choices, another one for each run (`MARTLET_TEST_SEED`).
    static let seed = number("MARTLET_TEST_SEED").map { UInt64($0) } ?? UInt64.random(in: 0...999_999)

    private static func number(_ variable: String) -> Int? {
        getenv(variable).flatMap { Int(String(cString: $0)) }.flatMap { $0 >= 0 ? $0 : nil }
    }
}
