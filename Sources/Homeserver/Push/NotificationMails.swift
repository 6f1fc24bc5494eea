import AccountsDatabase
import MatrixProtocol
import Store
import Synchronization

/// Says when users are told by email of what they have not read: the pushers of the kind `email`.
///
/// - What is told, and whether it is time for it, is decided from the databases when its moment comes. So what was read meanwhile isn't told, and
///   a restart loses nothing.
/// - A message that can't be sent is tried again later, and holds up nobody's pusher but that of its recipient.
final class NotificationMails: Sendable {
    /// A pusher, and whose it is.
    struct Recipient: Sendable, Hashable {
        let user: UserID
        let number: UInt64
        let app: String
        let pushKey: String

        init(_ user: UserID, _ pusher: Pusher) {
            self.user = user
            number = pusher.number
            app = pusher.appID
            pushKey = pusher.pushKey
        }
    }

    private let mailer: NotificationMailer
    private let clock: any Clock
    private let moments: Moments
    private let alarm: Alarm

    /// After a message could not be sent, it is tried again when so many milliseconds are over.
    private static let retryMilliseconds: Int64 = 5 * 60 * 1000

    init(_ mailer: NotificationMailer, environment: Environment) {
        let moments = Moments()
        let clock = environment.clock
        self.mailer = mailer
        self.clock = clock
        self.moments = moments
        alarm = Alarm(environment: environment) {
            for recipient in moments.takeDue(at: clock.now()) {
                let next: Int64?
                do { next = try await mailer.tell(recipient) } catch { next = clock.now() + Self.retryMilliseconds }
                if let next { moments.add(recipient, next) }
            }
            return moments.first
        }
    }

    /// Whether it is going to be looked at what a user hasn't read.
    func isWaiting(_ recipient: Recipient) -> Bool { moments.contains(recipient) }

    /// Something has just come that notifies the user.
    func remind(_ recipient: Recipient) {
        look(at: recipient, clock.now() + mailer.settings.notificationDelay)
    }

    /// Has it looked at now what a user hasn't read, such as after the start.
    func look(at recipient: Recipient) {
        look(at: recipient, clock.now())
    }

    private func look(at recipient: Recipient, _ moment: Int64) {
        moments.add(recipient, moment)
        alarm.set(for: moment)
    }

    /// Ends when the message is sent that is under way.
    func end() async {
        await alarm.end()
    }

    /// When it is looked at what users haven't read.
    private final class Moments: Sendable {
        private let state = Mutex<[Recipient: Int64]>([:])

        var first: Int64? { state.withLock { $0.values.min() } }

        func contains(_ recipient: Recipient) -> Bool { state.withLock { $0[recipient] != nil } }

        func add(_ recipient: Recipient, _ moment: Int64) {
            state.withLock { $0[recipient] = min($0[recipient] ?? moment, moment) }
        }

        func takeDue(at now: Int64) -> [Recipient] {
            state.withLock { moments in
                let due = moments.filter { $0.value <= now }.sorted { ($0.value, $0.key.number) < ($1.value, $1.key.number) }.map(\.key)
                for recipient in due { moments[recipient] = nil }
                return due
            }
        }
    }
}
