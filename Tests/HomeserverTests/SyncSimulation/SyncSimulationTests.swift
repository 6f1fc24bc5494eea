import Glibc
import TestSupport
import Testing

/// Many people do many things while clients of both kinds of sync follow, each in its own way: what each has put together is what is so.
///
/// `MARTLET_TEST_SYNC_SEEDS` says how many seeds run, `MARTLET_TEST_SEED` names a single one.
@Suite struct SyncSimulationTests {
    private static func number(_ variable: String) -> UInt64? { getenv(variable).flatMap { UInt64(String(cString: $0)) } }

    private static var seeds: [UInt64] {
        number("MARTLET_TEST_SEED").map { [$0] } ?? Array(1...max(1, number("MARTLET_TEST_SYNC_SEEDS") ?? 20))
    }

    @Test(arguments: seeds)
    func clientsKnowWhatIsSo(_ seed: UInt64) throws {
        do {
            try SyncSimulation.run(seed: seed)
        } catch let mismatch as SyncMismatch {
            Issue.record("seed \(seed): \(mismatch)")
        }
    }
}
