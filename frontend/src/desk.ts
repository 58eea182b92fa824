import "./core";
import { startDesk } from "./lib/keyboard";

startDesk();
