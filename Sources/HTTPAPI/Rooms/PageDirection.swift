/// Which way a page leads from its start: `dir`.
enum PageDirection: String {
    case backward = "b"
    case forward = "f"
}
