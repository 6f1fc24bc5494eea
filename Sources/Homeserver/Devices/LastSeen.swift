import AccountsDatabase
import Store
import Synchronization

/// Writes down when and from where devices were seen last, each only every few minutes.
///
/// What is written is relaxed: nobody waits for it, and a crash may lose the last minutes.
final class LastSeen: Sendable {
    private let database: AccountsDatabase
    private let clock: any Clock
    private let tasks: BackgroundTasks
    /// When each device was written down, in milliseconds since 1970.
    private let noted = Mutex<[Device: Int64]>([:])

    private struct Device: Hashable {
        let tokenHash: [UInt8]
        let address: String?
    }

    /// For so long a device isn't written down again, in milliseconds.
    private static let intervalMilliseconds: Int64 = 5 * 60 * 1000
    /// So many devices are remembered at a time.
    private static let devicesMax = 10_000

    init(database: AccountsDatabase, environment: Environment) {
        self.database = database
        clock = environment.clock
        tasks = BackgroundTasks(on: environment.executors.short)
    }

    /// Notes that a device has just been seen.
    func note(_ requester: Requester, from address: String?) {
        guard let device = requester.deviceID else { return }
        let now = clock.now()
        let isDue = noted.withLock { noted in
            let key = Device(tokenHash: requester.tokenHash, address: address)
            if let last = noted[key], now - last < Self.intervalMilliseconds { return false }
            if noted.count >= Self.devicesMax { noted.removeAll() }
            noted[key] = now
            return true
        }
        guard isDue else { return }
        tasks.start { [database] in
            // It is written down with one of the next requests.
            try? await database.noteSeen(device, of: requester.userID, from: address)
        }
    }

    /// Ends when nothing is being written any more.
    func end() async {
        await tasks.end()
    }
}
