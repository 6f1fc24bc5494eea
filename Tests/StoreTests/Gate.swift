import Dispatch

/// A gate at which threads wait until a test opens it, and that tells the test who has come.
///
/// `@unchecked Sendable`: a semaphore is made once and is itself thread-safe.
final class Gate: @unchecked Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let arrived = Shared(0)

    /// How many have come to the gate, those included that went through.
    var arrivedCount: Int { arrived.value }

    /// Blocks the thread until somebody is let through.
    func pass() {
        arrived.change { $0 += 1 }
        semaphore.wait()
    }

    /// Lets `count` threads through, those that come later among them.
    func open(for count: Int = 1) {
        for _ in 0..<count { semaphore.signal() }
    }

    /// Waits until so many have come.
    func waitForArrivals(_ count: Int) async throws {
        try await until { self.arrivedCount >= count }
    }
}

/// Waits until something is so that another thread brings about; a test that waits in vain fails.
func until(_ isSo: () -> Bool) async throws {
    for _ in 0..<2000 {
        if isSo() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    throw NeverSo()
}

/// What was waited for did not come within ten seconds.
struct NeverSo: Error {}
